import { definePlugin } from '@nandu/core';
import { FwCfg } from './fw-cfg.js';
import { Hpet } from './hpet.js';
import { I8042 } from './i8042.js';
import { I8254 } from './i8254.js';
import { I8257 } from './i8257.js';
import { I8259 } from './i8259.js';
import { IsaBus } from './isa-bus.js';
import { Mc146818 } from './mc146818.js';
import { PcTestDevice } from './pc-testdev.js';
import { Port92 } from './port92.js';
import { IsaSerial } from './serial.js';
import { DebugConsole, DebugExit, PostPorts } from './small-ports.js';
import { PcSpeaker } from './speaker.js';

export const isaPlugin = definePlugin({
  name: 'isa',
  types: [IsaBus, DebugConsole, DebugExit, FwCfg, Hpet, I8042, I8254, I8257, I8259, IsaSerial, Mc146818, PcSpeaker, PcTestDevice, Port92, PostPorts],
});

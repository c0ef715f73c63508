/** mce: an error in the hardware of a vCPU, for trying out what a guest does then. */
import { hmpCommand, type Machine, type MachineCheck, type VCpu } from '@nandu/core';

interface Arguments {
  readonly broadcast?: boolean;
  readonly cpu_index: number;
  readonly bank: number;
  readonly status: number | bigint;
  readonly mcg_status: number | bigint;
  readonly addr: number | bigint;
  readonly misc: number | bigint;
}

const word = (value: number | bigint): bigint => BigInt.asUintN(64, BigInt(value));
/** What the other processors see of an error that is broadcast: valid, uncorrected; in progress, can be restarted. */
const ELSEWHERE: MachineCheck = { bank: 1, status: 0b101n << 61n, globalStatus: 5n, address: 0n, misc: 0n };
const ACTION_REQUIRED = 1n << 55n;

function inject(machine: Machine, cpu: VCpu, error: MachineCheck): string {
  const outcome = cpu.machineCheck?.(error);
  if (!outcome) return 'MCE injection not supported\n';
  const { action, recursive, message = '' } = outcome;
  if (action === 'refused') return message;
  machine.emit('MEMORY_FAILURE', { recipient: 'guest', action, flags: { 'action-required': (error.status & ACTION_REQUIRED) !== 0n, recursive } });
  if (action === 'reset') machine.requestReset('guest-reset');
  return message;
}

export const mce = hmpCommand<Arguments>({
  name: 'mce',
  args: 'broadcast:-b,cpu_index:i,bank:i,status:l,mcg_status:l,addr:l,misc:l',
  params: '[-b] cpu bank status mcgstatus addr misc',
  help: 'inject a MCE on the given CPU [and broadcast to other CPUs with -b option]',
  run({ broadcast, cpu_index: index, bank, status, mcg_status: globalStatus, addr, misc }, { machine }) {
    const cpus = machine.board?.cpus ?? [];
    const cpu = cpus[index];
    if (!cpu) return undefined;
    if (broadcast && !cpu.broadcastsMachineChecks) return 'Guest CPU does not support MCA broadcast\n';
    const here = inject(machine, cpu, { bank, status: word(status), globalStatus: word(globalStatus), address: word(addr), misc: word(misc) });
    const others = broadcast ? cpus.filter((other) => other !== cpu) : [];
    return [here, ...others.map((other) => inject(machine, other, ELSEWHERE))].join('');
  },
});

/**
 * What a PS/2 keyboard sends for a key, in each of its scan code sets (IBM PS/2 Hardware Interface Technical Reference, keyboard
 * section; keys that it does not know, as QEMU sends them).
 */
import { KEY_NUMBERS } from '@nandu/core';
import { toSet2 } from './scan-codes.js';

export type ScanCodeSet = 1 | 2 | 3;
const RELEASED = 0xf0;
const EXTENDED = 0xe0;

/** Keys of other computers' keyboards, which only set 1 has codes for. */
const ONLY_IN_SET_1 = new Set('menu again props undo front copy open paste find cut lf help lang1 lang2'.split(' '));

/** Set 3 has no relation to the others, and one byte for every key. */
const SET_3 = new Map(
  `
  shift:12 shift_r:59 alt:19 alt_r:39 ctrl:11 ctrl_r:58 menu:91 esc:08 1:16 2:1e 3:26 4:25 5:2e 6:36 7:3d 8:3e 9:46 0:45 minus:4e equal:55
  backspace:66 tab:0d q:15 w:1d e:24 r:2d t:2c y:35 u:3c i:43 o:44 p:4d bracket_left:54 bracket_right:5b ret:5a a:1c s:1b d:23 f:2b g:34 h:33 j:3b
  k:42 l:4b semicolon:4c apostrophe:52 grave_accent:0e backslash:5c z:1a x:22 c:21 v:2a b:32 n:31 m:3a comma:41 dot:49 slash:4a asterisk:7e spc:29
  caps_lock:14 f1:07 f2:0f f3:17 f4:1f f5:27 f6:2f f7:37 f8:3f f9:47 f10:4f num_lock:76 scroll_lock:5f kp_divide:4a kp_multiply:7e kp_subtract:4e
  kp_add:7c kp_enter:79 kp_decimal:71 sysrq:57 kp_0:70 kp_1:69 kp_2:72 kp_3:7a kp_4:6b kp_5:73 kp_6:74 kp_7:6c kp_8:75 kp_9:7d less:13 f11:56 f12:5e
  print:57 home:6e pgup:6f pgdn:6d end:65 left:61 up:63 down:60 right:6a insert:67 delete:64 stop:0a again:0b props:0c undo:10 copy:18 open:20
  paste:28 find:30 cut:38 help:09 meta_l:8b meta_r:8c compose:8d pause:62 hiragana:87 henkan:86 yen:5d muhenkan:85 katakanahiragana:87 audionext:93
  audioprev:94 audiostop:98 audiomute:9c volumeup:95 volumedown:9d calculator:a3 ac_home:97
`
    .trim()
    .split(/\s+/)
    .map((row) => {
      const [name = '', code = ''] = row.split(':');
      return [name, Number.parseInt(code, 16)] as const;
    }),
);

/** What depends on keys held down at the same time. */
export type HeldKeys = ReadonlySet<string>;

const PAUSE = {
  1: { alone: [0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5], withControl: [0xe0, 0x46, 0xe0, 0xc6] },
  2: { alone: [0xe1, 0x14, 0x77, 0xe1, 0xf0, 0x14, 0xf0, 0x77], withControl: [0xe0, 0x7e, 0xe0, 0xf0, 0x7e] },
} as const;

/** Print screen is a second asterisk with Shift; with Alt it is the key for system requests. */
const PRINT = {
  1: {
    shift: { down: [0xe0, 0x2a], up: [0xe0, 0xaa] },
    print: { down: [0xe0, 0x37], up: [0xe0, 0xb7] },
    request: { down: [0x54], up: [0xd4] },
    alt: { down: [0x38], up: [0xb8] },
  },
  2: {
    shift: { down: [0xe0, 0x12], up: [0xe0, 0xf0, 0x12] },
    print: { down: [0xe0, 0x7c], up: [0xe0, 0xf0, 0x7c] },
    request: { down: [0x84], up: [0xf0, 0x84] },
    alt: { down: [0x11], up: [0xf0, 0x11] },
  },
} as const;

function printCodes(set: 1 | 2, down: boolean, held: HeldKeys): number[] {
  const { shift, print, request, alt } = PRINT[set];
  const prefix = held.has('alt') ? [] : held.has('alt_r') ? [EXTENDED] : undefined;
  if (prefix) {
    const [letGo, again] = [
      [...prefix, ...alt.up],
      [...prefix, ...alt.down],
    ];
    return down ? [...letGo, ...again, ...request.down] : [...request.up, ...letGo, ...again];
  }
  if (['shift', 'shift_r', 'ctrl', 'ctrl_r'].some((key) => held.has(key))) return [...(down ? print.down : print.up)];
  return down ? [...shift.down, ...print.down] : [...print.up, ...shift.up];
}

/** It repeats itself in one go, and says nothing when it is let go. */
function pauseCodes(set: 1 | 2, down: boolean, held: HeldKeys): readonly number[] {
  if (!down) return [];
  return held.has('ctrl') || held.has('ctrl_r') ? PAUSE[set].withControl : PAUSE[set].alone;
}

/** The bytes for a key that goes down or up; none for one that the set does not have. */
export function keyCodes(set: ScanCodeSet, key: string, down: boolean, held: HeldKeys): readonly number[] {
  if (set === 3) {
    const code = SET_3.get(key);
    return code === undefined ? [] : [...(down ? [] : [RELEASED]), code];
  }
  if (key === 'pause') return pauseCodes(set, down, held);
  if (key === 'print' || key === 'sysrq') return printCodes(set, down, held);
  const number = KEY_NUMBERS.get(key) ?? 0;
  const code = number & 0x7f;
  if (code === 0 || (set === 2 && ONLY_IN_SET_1.has(key))) return [];
  const prefix = number & 0x80 ? [EXTENDED] : [];
  if (set === 1) return [...prefix, down ? code : code | 0x80];
  return [...prefix, ...(down ? [] : [RELEASED]), toSet2(code)];
}

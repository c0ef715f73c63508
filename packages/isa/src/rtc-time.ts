/**
 * Time as the MC146818 holds it: seconds since 1970 to and from registers, in BCD or binary, 12 or 24 hours; and when an alarm
 * comes next.
 */
export interface RtcFormat {
  readonly binary: boolean;
  readonly hours24: boolean;
}

/** Registers 0-9 that hold time, and the century that PCs keep at 0x32. */
export const TIME_REGISTER = { seconds: 0, minutes: 2, hours: 4, weekday: 6, day: 7, month: 8, year: 9, century: 0x32 } as const;
export const ALARM_REGISTER = { seconds: 1, minutes: 3, hours: 5 } as const;

const PM = 0x80;
const DAY = 86_400;

function encode(value: number, format: RtcFormat): number {
  return format.binary ? value : (Math.floor(value / 10) << 4) | (value % 10);
}

function decode(value: number, format: RtcFormat): number {
  return format.binary ? value : (value >> 4) * 10 + (value & 15);
}

function encodeHours(hours: number, format: RtcFormat): number {
  if (format.hours24) return encode(hours, format);
  return encode(hours % 12 === 0 ? 12 : hours % 12, format) | (hours >= 12 ? PM : 0);
}

function decodeHours(value: number, format: RtcFormat): number {
  if (format.hours24) return decode(value, format);
  return (decode(value & ~PM, format) % 12) + (value & PM ? 12 : 0);
}

/** Writes the time registers. */
export function writeTime(cells: Uint8Array, seconds: number, format: RtcFormat): void {
  const time = new Date(seconds * 1000);
  const year = time.getUTCFullYear();
  cells[TIME_REGISTER.seconds] = encode(time.getUTCSeconds(), format);
  cells[TIME_REGISTER.minutes] = encode(time.getUTCMinutes(), format);
  cells[TIME_REGISTER.hours] = encodeHours(time.getUTCHours(), format);
  cells[TIME_REGISTER.weekday] = encode(time.getUTCDay() + 1, format);
  cells[TIME_REGISTER.day] = encode(time.getUTCDate(), format);
  cells[TIME_REGISTER.month] = encode(time.getUTCMonth() + 1, format);
  cells[TIME_REGISTER.year] = encode(year % 100, format);
  // The century is a cell of the firmware's, always BCD.
  cells[TIME_REGISTER.century] = encode(Math.floor(year / 100), { binary: false, hours24: true });
}

/** Seconds since 1970 that the time registers mean. Values out of range carry over, as on a calendar. */
export function readTime(cells: Uint8Array, format: RtcFormat): number {
  const cell = (register: number): number => decode(cells[register] as number, format);
  const century = decode(cells[TIME_REGISTER.century] as number, { binary: false, hours24: true });
  const year = century * 100 + cell(TIME_REGISTER.year);
  const hours = decodeHours(cells[TIME_REGISTER.hours] as number, format);
  return Math.floor(
    Date.UTC(year, cell(TIME_REGISTER.month) - 1, cell(TIME_REGISTER.day), hours, cell(TIME_REGISTER.minutes), cell(TIME_REGISTER.seconds)) / 1000,
  );
}

/** Whether the alarm registers match the time of day of `seconds`. Registers of 0xc0 and up match anything. */
export function alarmMatches(cells: Uint8Array, seconds: number, format: RtcFormat): boolean {
  const ofDay = ((seconds % DAY) + DAY) % DAY;
  const matches = (register: number, value: number, read: (raw: number, format: RtcFormat) => number): boolean => {
    const raw = cells[register] as number;
    return raw >= 0xc0 || read(raw, format) === value;
  };
  return (
    matches(ALARM_REGISTER.seconds, ofDay % 60, decode) &&
    matches(ALARM_REGISTER.minutes, Math.floor(ofDay / 60) % 60, decode) &&
    matches(ALARM_REGISTER.hours, Math.floor(ofDay / 3600), decodeHours)
  );
}

/** The first second after `after` at which the alarm matches, or undefined where it never does. */
export function nextAlarm(cells: Uint8Array, after: number, format: RtcFormat): number | undefined {
  for (let seconds = after + 1; seconds <= after + DAY; seconds++) {
    if (alarmMatches(cells, seconds, format)) return seconds;
  }
  return undefined;
}

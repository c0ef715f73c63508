/**
 * Numbers that the host's instructions treat exactly as an x86 does, flags included: zero, or normal and larger than the least
 * normal number (which a tiny result may have been rounded to). With MXCSR plain (`isPlain`) that holds for results too.
 */

@inline
export function isOrdinary(x: f64): bool {
  const magnitude = Math.abs(x);
  return (magnitude > f64.MIN_NORMAL_VALUE && magnitude < Infinity) || x == 0;
}

@inline
export function isOrdinarySingle(x: f32): bool {
  const magnitude = Mathf.abs(x);
  return (magnitude > f32.MIN_NORMAL_VALUE && magnitude < <f32>Infinity) || x == 0;
}

/** The same for all lanes at once. */
@inline
export function areOrdinary(x: v128): bool {
  const magnitude = f64x2.abs(x);
  const normal = v128.and(f64x2.gt(magnitude, f64x2.splat(f64.MIN_NORMAL_VALUE)), f64x2.lt(magnitude, f64x2.splat(Infinity)));
  return i64x2.all_true(v128.or(normal, f64x2.eq(x, f64x2.splat(0))));
}

@inline
export function areOrdinarySingles(x: v128): bool {
  const magnitude = f32x4.abs(x);
  const normal = v128.and(f32x4.gt(magnitude, f32x4.splat(f32.MIN_NORMAL_VALUE)), f32x4.lt(magnitude, f32x4.splat(<f32>Infinity)));
  return i32x4.all_true(v128.or(normal, f32x4.eq(x, f32x4.splat(0))));
}

/** Whether the lanes of a format are: only the lowest for scalars. */
export function isOrdinaryAs(format: i32, x: v128): bool {
  if (format == 3) return isOrdinary(f64x2.extract_lane(x, 0));
  if (format == 2) return isOrdinarySingle(f32x4.extract_lane(x, 0));
  return format == 1 ? areOrdinary(x) : areOrdinarySingles(x);
}

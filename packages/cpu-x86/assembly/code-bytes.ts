/** Immediates that are read when the instruction runs (`CodeReader.changing`), by their address in linear memory. */
export function code_long(env: usize, linear: usize): i64 {
  return i64(load<i32>(linear));
}

export function code_quad(env: usize, linear: usize): i64 {
  return load<i64>(linear);
}

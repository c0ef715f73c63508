/** Bars of ratios, a kernel each, as SVG: left of the line at 1 Nandu is faster. Logarithmic, so that twice and half are as long. */

const [ROW, TOP, LEFT, WIDTH, RIGHT] = [17, 56, 110, 460, 60];
const COLOURS = { faster: '#2f9e6e', slower: '#d9743f' };
const escape = (text) => text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);

/** `rows` have a name and a ratio; `caption` says what was measured where. */
export function chart(rows, caption) {
  const ratios = rows.map(({ ratio }) => ratio);
  const reach = Math.ceil(Math.max(2, ...ratios.map((ratio) => Math.abs(Math.log2(ratio)))));
  const x = (ratio) => LEFT + (WIDTH * (Math.log2(ratio) + reach)) / (2 * reach);
  const height = TOP + rows.length * ROW + 34;
  const ticks = Array.from({ length: 2 * reach + 1 }, (_, i) => 2 ** (i - reach));
  const bars = rows.map(({ name, ratio }, i) => {
    const [y, from, to] = [TOP + i * ROW, Math.min(x(1), x(ratio)), Math.max(x(1), x(ratio))];
    const [at, anchor] = ratio < 1 ? [from - 4, 'end'] : [to + 4, 'start'];
    const strong = name.startsWith('geometric mean') ? ' font-weight="bold"' : '';
    return [
      `<text x="${LEFT - 54 + 44}" y="${y + 12}" text-anchor="end"${strong}>${escape(name)}</text>`,
      `<rect x="${from.toFixed(1)}" y="${y + 2}" width="${Math.max(1, to - from).toFixed(1)}" height="${ROW - 4}" fill="${ratio < 1 ? COLOURS.faster : COLOURS.slower}"/>`,
      `<text x="${at.toFixed(1)}" y="${y + 12}" text-anchor="${anchor}"${strong}>${ratio.toFixed(2)}</text>`,
    ].join('');
  });
  const grid = ticks.map(
    (tick) =>
      `<line x1="${x(tick)}" x2="${x(tick)}" y1="${TOP - 6}" y2="${height - 30}" stroke="${tick === 1 ? '#555' : '#ddd'}"/>` +
      `<text x="${x(tick)}" y="${TOP - 10}" text-anchor="middle" fill="#666">${tick < 1 ? `1/${1 / tick}` : tick}</text>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${LEFT + WIDTH + RIGHT} ${height}" font-family="sans-serif" font-size="11">`,
    `<title>Nandu's time over QEMU's, a bar a benchmark</title>`,
    `<rect width="100%" height="100%" fill="#fff"/>`,
    `<text x="12" y="20" font-size="13" font-weight="bold">Nandu's time over QEMU's (TCG): shorter to the left is better</text>`,
    ...grid,
    ...bars,
    `<text x="12" y="${height - 10}" fill="#666" font-size="9">${escape(caption)}</text>`,
    '</svg>\n',
  ].join('\n');
}

/** Returns a table as text: the first and the last column left-aligned, the others right-aligned. */
export function renderTable(header, rows) {
  const widths = header.map((title, column) => Math.max(...[header, ...rows].map((row) => row[column].length)));
  const line = (row) =>
    row
      .map((cell, column) =>
        column === 0 || column === row.length - 1 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]),
      )
      .join('   ')
      .trimEnd();
  return [line(header), widths.map((width) => '─'.repeat(width)).join('   '), ...rows.map(line)].join('\n');
}

export function number(value, decimals = 0) {
  return value.toLocaleString('en', { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

export function ratio(value) {
  return value.toFixed(2);
}

/** Returns a target, marked as met or missed. */
export function atLeast(value, target, unit) {
  return `${value >= target ? '✓' : '✗'} ≥ ${target} ${unit}`;
}

export function atMost(value, target, unit) {
  return `${value <= target ? '✓' : '✗'} ≤ ${target} ${unit}`;
}

/** Returns a table in Markdown. */
export function markdownTable(header, rows) {
  const widths = header.map((title, column) => Math.max(3, ...[header, ...rows].map((row) => row[column].length)));
  const line = (row) =>
    `| ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join(' | ')} |`;
  const rule = widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [line(header), line(rule), ...rows.map(line)].join('\n');
}

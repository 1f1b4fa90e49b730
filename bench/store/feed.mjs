const WALKED = 500;

/** Returns the path of a page of an organization's feed in its middle, and of the page at its end. */
export async function feedPages(api) {
  const cursors = [];
  for (let path = feedPath('from=start', WALKED); path;) {
    const { meta } = await api.answer('GET', path);
    cursors.push(meta.cursor);
    path = meta.more && feedPath(`cursor=${meta.cursor}`, WALKED);
  }
  const at = (cursor) => feedPath(cursor ? `cursor=${cursor}` : 'from=start');
  return { middle: at(cursors[(cursors.length >> 1) - 1]), end: at(cursors.at(-2)) };
}

function feedPath(start, limit = 100) {
  return `/v1/events?${start}&limit=${limit}`;
}

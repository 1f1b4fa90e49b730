import {
  caseFolded,
  composed,
  hiddenCharacterOf,
  isLongerThan,
  isVisible,
  MAX_MARKS,
  nameKey,
  quoted,
} from './text.js';

describe('Case folding', () => {
  it.each([
    ['ΠΕΛΑΤΗΣ', 'πελατης'],
    ['STRASSE', 'straße'],
    ['STRAẞE', 'Straße'],
    ['İ', 'i\u0307'],
    ['K', '\u212a'],
    ['Ꭰ', 'ꭰ'],
    ['ﬁ', 'FI'],
    ['\u1f80', '\u1f08\u0345'],
    ['É', 'e\u0301'],
  ])('makes one of %s and %s', (one, other) => {
    expect(caseFolded(one)).toBe(caseFolded(other));
  });

  it.each([
    ['I', 'ı'],
    ['e', 'é'],
    ['ss', 's'],
    ['１', '1'],
  ])('keeps %s and %s apart', (one, other) => {
    expect(caseFolded(one)).not.toBe(caseFolded(other));
  });

  it('leaves what it has folded', () => {
    const text = 'ΠΕΛΑΤΗΣ Straße İ \u1f80 Ꭰ';
    expect(caseFolded(caseFolded(text))).toBe(caseFolded(text));
  });
});

describe('The key of a name', () => {
  it.each(['V\u200bIP', '\ufeffvip', 'v\u00adip', 'VIP\u200e', 'vi\u200dp', 'VIP\ufe0f', 'VIP\u{E0041}'])(
    'has nothing of what nobody sees: %j',
    (name) => {
      expect(nameKey(name)).toBe('vip');
    },
  );

  it('tells the flags of England and Scotland apart, which differ in tags', () => {
    const [england, scotland] = ['gbeng', 'gbsct'].map((region) =>
      String.fromCodePoint(0x1f3f4, ...Array.from(region, (letter) => 0xe0000 + letter.charCodeAt(0)), 0xe007f),
    ) as [string, string];
    expect(nameKey(england)).not.toBe(nameKey(scotland));
  });
});

describe('A text', () => {
  it.each([
    '\u200b',
    '\u2060',
    '\ufeff',
    '\u00ad',
    '\u3164',
    '\u2800',
    '\ufe0f',
    '\u202a\u202c',
    '\0',
    ' \u2003',
    '\u{E0020}',
  ])('shows nothing that consists of %j', (text) => {
    expect(isVisible(text)).toBe(false);
  });

  it.each(['a', '👩‍👩‍👧', 'می‌خواهم', '\u202eabc', 'ﷺ', '\u{F0000}'])('shows something: %s', (text) => {
    expect(isVisible(text)).toBe(true);
  });

  it('is as long as it has code points', () => {
    expect([isLongerThan('😀'.repeat(255), 255), isLongerThan('😀'.repeat(256), 255)]).toEqual([false, true]);
    expect([isLongerThan('a'.repeat(255), 255), isLongerThan('a'.repeat(256), 255)]).toEqual([false, true]);
    expect(isLongerThan('😀'.repeat(1_000_000), 255)).toBe(true);
  });

  it('is composed unless it stacks marks without end', () => {
    expect(composed('Cafe\u0301')).toBe('Caf\u00e9');
    expect(composed(`a${'\u0301\u0323'.repeat(MAX_MARKS / 2)}`)?.startsWith('\u1ea1')).toBe(true);
    expect(composed(`a${'\u0301\u0323'.repeat(300_000)}`)).toBeUndefined();
  });

  it('tells by number and name which character of it nobody sees', () => {
    expect(hiddenCharacterOf('zw\u200b@x.example')).toBe('U+200B ZERO WIDTH SPACE');
    expect(hiddenCharacterOf('a\u{E0041}b')).toBe('U+E0041');
    expect(hiddenCharacterOf('a b')).toBeUndefined();
  });
});

describe('A text in a message', () => {
  it('is quoted up to 64 characters, and well-formed', () => {
    expect(quoted('short')).toBe('short');
    expect(quoted('x'.repeat(64))).toBe('x'.repeat(64));
    expect(quoted('x'.repeat(65))).toBe(`${'x'.repeat(64)}…`);
    expect(quoted('🙂'.repeat(1_000))).toBe(`${'🙂'.repeat(64)}…`);
    expect(quoted('a\ud83d')).toBe('a\ufffd');
  });
});

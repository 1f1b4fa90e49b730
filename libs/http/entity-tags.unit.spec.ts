import { expectedVersions, isKnown } from './entity-tags.js';

describe('If-None-Match', () => {
  it.each(['"7-ab12"', 'W/"7-ab12"', '"1-x", "7-ab12"', ' "1,x" ,W/"7-ab12" ', '*', ' * '])('%s fits', (header) => {
    expect(isKnown('"7-ab12"', header)).toBe(true);
  });

  it.each(['"7"', '"7-ab1"', '7-ab12', '"7-ab12', '"1-x" "7-ab12"', '', ',', 'W/*', '"7-ab12", *'])(
    '%s does not fit',
    (header) => {
      expect(isKnown('"7-ab12"', header)).toBe(false);
    },
  );
});

describe('If-Match', () => {
  it.each([
    ['"7-ab12"', [7]],
    ['"7"', [7]],
    ['W/"7"', [7]],
    ['"7-ab12", "9"', [7, 9]],
    ['*', undefined],
  ])('%s names the versions %j', (header, versions) => {
    expect(expectedVersions(header)).toEqual(versions);
  });

  it.each(['7', '"x"', '""', '"7', '"7" "8"', '"7", x', '', ' ', '"-1"', '"99999999999"', '"7", *'])(
    '%j is refused',
    (header) => {
      expect(() => expectedVersions(header)).toThrow('header If-Match');
    },
  );
});

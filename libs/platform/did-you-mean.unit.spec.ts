import { faultOfUnknownField, KnownNames } from './did-you-mean.js';

const known = new KnownNames(['displayName', 'email', 'name', 'url', 'cc', '_type']);

describe('A name that is not known', () => {
  it.each([
    ['display_name', 'displayName'],
    ['display-name', 'displayName'],
    ['DisplayName', 'displayName'],
    ['displayname', 'displayName'],
    ['DISPLAY_NAME', 'displayName'],
    ['URL', 'url'],
    ['type', '_type'],
    ['emial', 'email'],
    ['emal', 'email'],
    ['emaail', 'email'],
    ['emsil', 'email'],
    ['mail', 'email'],
    ['emails', 'email'],
    ['nmae', 'name'],
    ['display_nam', 'displayName'],
  ])('is a misspelling where case, punctuation or one letter differ: %s of %s', (misspelt, meant) => {
    expect(known.meantBy(misspelt)).toBe(meant);
  });

  it.each(['firstName', 'eamli', 'ema', 'uri', 'ccs', 'bcc', 'phone', '', '_', 'é', 'constructor', '__proto__'])(
    'is a name of its own where more differs, or where the names are short: %s',
    (other) => {
      expect(known.meantBy(other)).toBeUndefined();
    },
  );

  it('is not looked at when it is endless', () => {
    expect(known.meantBy(`email${'_'.repeat(1_000_000)}`)).toBeUndefined();
  });

  it('prefers the one that has its letters to the one that is a letter away', () => {
    expect(new KnownNames(['email', 'e_mails']).meantBy('EMails')).toBe('e_mails');
  });

  it('is refused with the name that was meant', () => {
    expect(faultOfUnknownField('emial', known)).toBe('is not a field of this request; did you mean email?');
    expect(faultOfUnknownField('other', known)).toBe('is not a field of this request');
  });
});

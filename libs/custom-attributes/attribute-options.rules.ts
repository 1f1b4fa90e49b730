import { faultOfUnknownField, KnownNames } from '#libs/platform/did-you-mean.js';
import { type Fault } from '#libs/platform/domain-error.js';
import { controlCharacterOf, isLongerThan, isVisible } from '#libs/platform/text.js';
import { isPlainText, isRecord } from '#libs/platform/values.js';

export const MAX_DEPTH = 5;
export const MAX_OPTIONS = 500;
const MAX_LENGTH = 255;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** An option that can be chosen or, with nested options, a step on the path to one. */
export interface SelectOption {
  id: string;
  label: string;
  /** Unique among its siblings. */
  value: string;
  isDeactivated: boolean;
  /** Its position among its siblings, from 0. */
  orderIndex: number;
  nestedOptions: SelectOption[];
}

/** An option as a client describes it. */
export interface OptionInput {
  /** The id of an existing option of the attribute. */
  id?: string;
  label: string;
  value: string;
  isDeactivated?: boolean;
  nestedOptions?: OptionInput[];
}

/** An option as a client describes it, with an id to use if it is new. */
export interface DraftOption extends Omit<OptionInput, 'nestedOptions'> {
  newId: string;
  nestedOptions: DraftOption[];
}

/**
 * The fields of an option. `orderIndex` follows from the position; it is accepted so that clients can send options back
 * as they read them.
 */
const FIELDS = new KnownNames(['id', 'label', 'value', 'isDeactivated', 'nestedOptions', 'orderIndex']);

/**
 * Returns why a value is not a tree of {@link OptionInput}, or undefined. It never recurses deeper than options may
 * nest.
 */
export function faultOfOptions(value: unknown): string | undefined {
  const ids = new Set<string>();
  let count = 0;
  const faultOfList = (list: unknown, path: string, depth: number): string | undefined => {
    if (!Array.isArray(list)) return `${path} must be an array`.trimStart();
    if (list.length > 0 && depth > MAX_DEPTH) return `must not be nested deeper than ${MAX_DEPTH} levels`;
    count += list.length;
    if (count > MAX_OPTIONS) return `must contain at most ${MAX_OPTIONS} options`;
    const values = new Set<string>();
    for (const [index, option] of (list as unknown[]).entries()) {
      const at = `${path}[${index}]`;
      const fault = faultOfOption(option, ids);
      if (fault) return `${at}${fault}`;
      const { value, nestedOptions = [] } = option as OptionInput;
      if (values.has(value)) return `${at}.value must differ from those of its siblings`;
      values.add(value);
      const nested = faultOfList(nestedOptions, `${at}.nestedOptions`, depth + 1);
      if (nested) return nested;
    }
    return undefined;
  };
  return faultOfList(value, '', 1);
}

/** Checks the option itself, without its nested options. */
function faultOfOption(option: unknown, ids: Set<string>): string | undefined {
  if (!isRecord(option)) return ' must be an object';
  const unknown = Object.keys(option).find((field) => !FIELDS.names.includes(field));
  if (unknown !== undefined) return `.${unknown} ${faultOfUnknownField(unknown, FIELDS)}`;
  const { id, label, value, isDeactivated } = option;
  for (const [name, text] of Object.entries({ label, value })) {
    if (!isPlainText(text)) return `.${name} must be a string without NUL characters or lone surrogates`;
    if (!text.trim() || isLongerThan(text, MAX_LENGTH)) return `.${name} must have 1 to ${MAX_LENGTH} characters`;
    if (!isVisible(text)) return `.${name} must contain a visible character`;
    const control = controlCharacterOf(text);
    if (control !== undefined) return `.${name} must not contain the control character ${control}`;
  }
  if (isDeactivated !== undefined && typeof isDeactivated !== 'boolean') return '.isDeactivated must be true or false';
  if (id === undefined) return undefined;
  if (typeof id !== 'string' || !UUID.test(id)) return '.id must be a UUID';
  if (ids.has(id.toLowerCase())) return '.id must not be sent twice';
  ids.add(id.toLowerCase());
  return undefined;
}

/** Returns the options with an id for each that is new. */
export function draftOf(options: OptionInput[], newId: () => string): DraftOption[] {
  return options.map(({ id, label, value, isDeactivated, nestedOptions = [] }) => ({
    ...(id !== undefined && { id: id.toLowerCase() }),
    newId: newId(),
    label,
    value,
    ...(isDeactivated !== undefined && { isDeactivated }),
    nestedOptions: draftOf(nestedOptions, newId),
  }));
}

/**
 * Returns the options as they will be stored. An option without an id is the existing one with the same value at the
 * same place, else it is new.
 * @returns faults for ids that the attribute does not have
 */
export function settledOptions(
  drafts: DraftOption[],
  current: SelectOption[],
): { options: SelectOption[]; faults: Fault[] } {
  const known = new Map(flattened(current).map((option) => [option.id, option]));
  const named = new Set(flattened(drafts).map(({ id }) => id));
  const faults: Fault[] = [];
  const settle = (siblings: DraftOption[], before: SelectOption[], path: string): SelectOption[] =>
    siblings.map(({ id, newId, label, value, isDeactivated = false, nestedOptions }, orderIndex) => {
      const at = `${path}[${orderIndex}]`;
      const same =
        id === undefined
          ? before.find((option) => option.value.normalize('NFC') === value && !named.has(option.id))
          : known.get(id);
      if (id !== undefined && !same) faults.push({ path: `${at}.id`, message: 'must be the id of an existing option' });
      const nested = settle(nestedOptions, same?.nestedOptions ?? [], `${at}.nestedOptions`);
      return { id: same?.id ?? newId, label, value, isDeactivated, orderIndex, nestedOptions: nested };
    });
  return { options: settle(drafts, current, 'inputDefinition.options'), faults };
}

function flattened<T extends { nestedOptions: T[] }>(options: T[]): T[] {
  return options.flatMap((option) => [option, ...flattened(option.nestedOptions)]);
}

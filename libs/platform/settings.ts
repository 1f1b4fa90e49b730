import { Transform } from 'class-transformer';
import { IsInt, IsNumber, Max, Min, ValidateBy } from 'class-validator';

/** A class whose fields are environment variables, with defaults and rules. Each part of the program has its own. */
export type SettingsType = new () => object;

/** The descriptions of variables, by the prototype of their class. */
const TEXTS = new WeakMap<object, Map<string, string>>();

/** Marks a field as an environment variable. @param text what the documentation says about it, in Markdown */
export function Setting(text: string): PropertyDecorator {
  return (target, name) => {
    TEXTS.set(target, (TEXTS.get(target) ?? new Map<string, string>()).set(name as string, text));
  };
}

/** A variable as the documentation shows it. */
export interface DocumentedSetting {
  name: string;
  text: string;
  /** The default as one would write it; undefined if there is none, or if it depends on other variables. */
  default: string | undefined;
}

/** Returns the variables of a class in their order. */
export function documentedSettings(type: SettingsType): DocumentedSetting[] {
  const defaults = new type() as Record<string, unknown>;
  const texts = TEXTS.get(type.prototype as object) ?? new Map<string, string>();
  return [...texts].map(([name, text]) => ({
    name,
    text,
    default: writtenOf(defaults[name]),
  }));
}

function writtenOf(value: unknown): string | undefined {
  const written = [value ?? []].flat().map(String).join(',');
  return written === '' ? undefined : written;
}

type Given = { value: unknown };

export const AsNumber = Transform(({ value }: Given) => (typeof value === 'string' ? Number(value) : value));

/** A number, or `none`. */
export const AsNumberOrNone = Transform(({ value }: Given) =>
  typeof value === 'string' ? (value === 'none' ? null : Number(value)) : value,
);

/** `true` or `false`. */
export const AsBoolean = Transform(({ value }: Given) => (value === 'true' ? true : value === 'false' ? false : value));

/** A comma-separated list; `none` is an empty one. */
export const AsList = Transform(({ value }: Given) =>
  typeof value === 'string' ? (value === 'none' ? [] : value.split(',').map((item) => item.trim())) : value,
);

export const AsNumbers = Transform(({ value }: Given) =>
  typeof value === 'string' ? value.split(',').map(Number) : value,
);

/** A whole number within bounds. */
export const Whole = (min: number, max: number) =>
  within(IsInt({ message: '$property must be a whole number' }), min, max);

/** A number within bounds. */
export const Decimal = (min: number, max: number) =>
  within(IsNumber({}, { message: '$property must be a number' }), min, max);

/** A list whose items all satisfy a rule. */
export const Each = (name: string, holds: (item: string) => boolean, message: string) =>
  ValidateBy({ name, validator: { validate: holds, defaultMessage: () => message } }, { each: true });

function within(kind: PropertyDecorator, min: number, max: number): PropertyDecorator {
  const message = `$property must be ${min} to ${max}`;
  return (target, name) => {
    for (const decorate of [AsNumber, kind, Min(min, { message }), Max(max, { message })]) decorate(target, name);
  };
}

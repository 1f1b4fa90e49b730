import { type Type } from '@nestjs/common';
import { getMetadataStorage, type ValidationError } from 'class-validator';
import { faultOfUnknownField, KnownNames } from '#libs/platform/did-you-mean.js';

/** What is done about fields that no DTO has. */
export type UnknownFields = 'ignore' | 'refuse';

/** How class-validator marks a field that it does not know. */
const UNKNOWN = 'whitelistValidation';

/**
 * Decides on the fields that validation did not know, in each object of a body: `refuse` refuses all, `ignore` removes
 * them. Either way one is refused that is a misspelling of a field, and so is the first of an object that has no known
 * field at all: what the client meant to say would be lost.
 * @param errors of a validation with `forbidNonWhitelisted`, whose targets are told
 * @returns the errors that remain
 */
export function judgeUnknownFields(errors: ValidationError[], mode: UnknownFields): ValidationError[] {
  const first = errors.find(isUnknown);
  return errors.filter((error) => {
    if (error.children?.length) {
      error.children = judgeUnknownFields(error.children, mode);
      return error.children.length > 0 || error.constraints !== undefined;
    }
    if (!isUnknown(error)) return true;
    const fault = faultOf(error, mode, error === first);
    if (fault === undefined) Reflect.deleteProperty(error.target as object, error.property);
    else error.constraints = { [UNKNOWN]: fault };
    return fault !== undefined;
  });
}

function isUnknown({ constraints }: ValidationError): boolean {
  return constraints?.[UNKNOWN] !== undefined;
}

function faultOf({ property, target }: ValidationError, mode: UnknownFields, first: boolean): string | undefined {
  const object = target as Record<string, unknown>;
  const known = fieldsOf(object.constructor as unknown as Type);
  const lost = known.meantBy(property) !== undefined;
  const alone = first && known.names.every((field) => object[field] === undefined);
  if (mode === 'ignore' && !lost && !alone) return undefined;
  const fault = faultOfUnknownField(property, known);
  return alone && !lost ? `${fault}; the fields here are ${known.names.join(', ')}` : fault;
}

const fields = new WeakMap<Type, KnownNames>();

/** The fields of a DTO. */
export function fieldsOf(type: Type): KnownNames {
  const rules = () => getMetadataStorage().getTargetValidationMetadatas(type, '', false, false);
  const known = fields.get(type) ?? new KnownNames([...new Set(rules().map(({ propertyName }) => propertyName))]);
  fields.set(type, known);
  return known;
}

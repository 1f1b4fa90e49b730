import { type Type } from '@nestjs/common';
import { getMetadataStorage, type ValidationError } from 'class-validator';
import { faultOfUnknownField, KnownNames } from '#libs/platform/did-you-mean.js';

/** How to treat fields that the DTO does not have. */
export type UnknownFields = 'ignore' | 'refuse';

/** The constraint under which class-validator reports unknown fields. */
const UNKNOWN = 'whitelistValidation';

/**
 * Decides on the unknown fields in each object of a body: `refuse` refuses all, `ignore` removes them. In both modes, a
 * misspelling of a known field is refused, and so is the first unknown field of an object without any known field:
 * otherwise, the client's intention would be lost.
 * @param errors of a validation with `forbidNonWhitelisted` that reports its targets
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

/** Returns the fields of a DTO. */
export function fieldsOf(type: Type): KnownNames {
  const rules = () => getMetadataStorage().getTargetValidationMetadatas(type, '', false, false);
  const known = fields.get(type) ?? new KnownNames([...new Set(rules().map(({ propertyName }) => propertyName))]);
  fields.set(type, known);
  return known;
}

import {
  type AttributeDefinition,
  type CustomAttributeOutput,
  shownValues,
} from '#libs/custom-attributes/attribute-values.js';
import { type EndUser } from './end-user.js';

/** An end user as the API shows it. */
export type ShownEndUser = Omit<EndUser, 'customAttributes' | 'anonymization'> & {
  customAttributes: CustomAttributeOutput[];
};

/** A state as the API shows it; that its anonymization is requested does not show. */
export function shownEndUser(endUser: EndUser, definitions: AttributeDefinition[]): ShownEndUser {
  const customAttributes = shownValues(definitions, endUser.customAttributes);
  const shown = { ...endUser, customAttributes, anonymization: undefined };
  return shown;
}

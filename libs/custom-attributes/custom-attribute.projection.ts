import { type Projection, type StreamDefinition } from '#libs/event-store/stream-definition.js';
import { changedColumns } from '#libs/platform/changed-columns.js';
import { type CustomAttribute, type CustomAttributeEvent, evolveCustomAttribute } from './custom-attribute.js';

/** Keeps identifiers apart, also those of archived attributes: their values are still shown under them. */
export const IDENTIFIER_INDEX = 'custom_attributes_identifier';

/** The columns of a {@link DefinitionRow}. */
export const DEFINITION_COLUMNS = `id, entity_type AS "entityType", identifier, label, description,
  is_required AS "isRequired", is_deactivated AS "isDeactivated", is_archived AS "isArchived",
  input_definition AS "inputDefinition", created_at AS "createdAt", updated_at AS "updatedAt"`;

/** A row of the read table. */
export interface DefinitionRow extends Omit<CustomAttribute, 'description'> {
  description: string | null;
  createdAt: Date;
  /** `null` until the first change. */
  updatedAt: Date | null;
}

const CHANGES = changedColumns(
  {
    label: ['label', 'text'],
    description: ['description', 'text'],
    isRequired: ['is_required', 'boolean'],
    isDeactivated: ['is_deactivated', 'boolean'],
    inputDefinition: ['input_definition', 'jsonb'],
  },
  '$3',
);

const definitionProjection: Projection<CustomAttributeEvent> = {
  table: 'custom_attributes',
  apply: (event) => {
    const { organizationId, recordedAt } = event;
    switch (event.type) {
      case 'CustomAttributeCreated': {
        const { id, entityType, identifier, label, description, isRequired, inputDefinition } = event.data;
        return [
          {
            text: `INSERT INTO custom_attributes (organization_id, id, entity_type, identifier, label, description, is_required,
                     is_deactivated, is_archived, input_definition, created_at)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, false, false, $8, $9)`,
            values: [
              ...[organizationId, id, entityType, identifier, label, description, isRequired],
              ...[inputDefinition, recordedAt],
            ],
          },
        ];
      }
      case 'CustomAttributeUpdated':
        return [
          {
            text: `UPDATE custom_attributes SET ${CHANGES}, updated_at = $4 WHERE organization_id = $1 AND id = $2`,
            values: [organizationId, event.data.id, event.data.changes, recordedAt],
          },
        ];
      case 'CustomAttributeArchived':
        return [
          {
            text: `UPDATE custom_attributes SET is_archived = true, updated_at = $3 WHERE organization_id = $1 AND id = $2`,
            values: [organizationId, event.data.id, recordedAt],
          },
        ];
    }
  },
};

export const customAttributeStream: StreamDefinition<CustomAttribute | undefined, CustomAttributeEvent> = {
  category: 'customAttribute',
  types: { CustomAttributeCreated: true, CustomAttributeUpdated: true, CustomAttributeArchived: true },
  initialState: undefined,
  evolve: evolveCustomAttribute,
  projections: [definitionProjection],
};

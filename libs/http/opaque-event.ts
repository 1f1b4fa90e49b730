/** The option of `opaque` in each shape of an event. */
export const OPAQUE = {
  description:
    'True if only a newer release of Deskstream knows the event, else absent. Its `data` is empty then: read it again when the upgrade is over.',
  type: Boolean,
  example: true,
};

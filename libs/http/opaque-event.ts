/** The option of `opaque` in each shape of an event. */
export const OPAQUE = {
  description:
    'True if only a newer release of Deskstream knows the event, else absent. Its `data` is then empty: read the event again after the upgrade.',
  type: Boolean,
  example: true,
};

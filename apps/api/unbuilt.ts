/** Unbuilt paths of the hosted API, whose last part another route would take for an id. */
export const UNBUILT = ['/v1/conversations/flows'];

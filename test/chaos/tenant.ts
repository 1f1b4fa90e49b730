import { EVENT_NAMES } from '#libs/webhooks/catalogue/catalogue.published.js';
import { ApiClient } from '../support/api-client.js';
import { launch } from '../support/launch.js';
import { type Request } from '../support/ledger.js';
import { ACCEPT, REFUSE, type ScriptedReceiver } from '../support/scripted-receiver.js';
import { createSupportTeam } from '../support/support-team.js';
import { newWorkspace, type Workspace } from './client.js';
import { type Deployment } from './deployment.js';

/** An organization, with its subscriptions and what its receiver accepted. */
export interface Tenant extends Workspace {
  /** Both subscribe to every event. */
  subscriptions: { unordered: string; fifo: string };
  /** The deliveries that its receiver accepted, in the order of arrival. */
  taken: Request[];
}

const REFUSED_EVERY = 200;

/** Creates an organization whose receiver refuses some first attempts. */
export async function openTenant(
  { urls, variables }: Deployment,
  receiver: ScriptedReceiver,
  name: string,
): Promise<Tenant> {
  const command = launch(['dist/apps/cli/main.js', 'organization', 'create', name], variables);
  const token = (await command.told(/API token\s+(\S+)/))[1] as string;
  const api = new ApiClient(urls[0] as string, token);
  const taken: Request[] = [];
  receiver.behave(`/${name}`, (arrival) => {
    if (arrival.attempt === 1 && receiver.arrivals.length % REFUSED_EVERY === 0) return REFUSE;
    taken.push(arrival);
    return ACCEPT;
  });
  const subscribe = async (ordering: string) =>
    (await api.subscribe(receiver.url(`/${name}`), EVENT_NAMES, { ordering })).id;
  const [unordered, fifo] = await Promise.all(['unordered', 'fifo'].map(subscribe));
  return {
    ...newWorkspace(token, await createSupportTeam(api)),
    subscriptions: { unordered: unordered as string, fifo: fifo as string },
    taken,
  };
}

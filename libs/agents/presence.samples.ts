import { samplesOf } from '#libs/testing/projected.js';
import { type PresenceEvent } from './presence.rules.js';
import { presenceStream, presenceStreamId } from './presence.stream.js';

const agentId = '01980f5c-77a1-7b02-b6f4-90c1d2e3f4a5';
const lastSeen = '2026-03-14T09:26:53.589+00:00';
const online: PresenceEvent = {
  type: 'AgentPresenceChanged',
  data: { agentId, connectionStatus: 'Online', presenceStatus: 'Working', activeChannels: ['Email'], lastSeen },
};

export const presenceSamples = samplesOf(presenceStream, presenceStreamId(agentId, new Date(lastSeen)), {
  'an agent who came online': {
    given: [online],
    then: {
      agent_presence: [
        {
          agent_id: agentId,
          connection_status: 'Online',
          presence_status: 'Working',
          active_channels: ['Email'],
          revision: 1,
        },
      ],
    },
  },
  'a heartbeat that changed nothing else': {
    given: [online, { type: 'AgentSeen', data: { agentId, lastSeen: '2026-03-14T09:30:00+00:00' } }],
    then: { agent_presence: [{ last_seen: '2026-03-14T09:30:00+00:00', connection_status: 'Online', revision: 2 }] },
  },
  'an agent who went offline': {
    given: [
      online,
      { type: 'AgentPresenceChanged', data: { agentId, connectionStatus: 'Offline', activeChannels: [], lastSeen } },
    ],
    then: {
      agent_presence: [{ connection_status: 'Offline', presence_status: null, active_channels: [], revision: 2 }],
    },
  },
});

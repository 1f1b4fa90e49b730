import { describeProjections } from '#libs/testing/projected.js';
import { teamSamples } from './team.samples.js';

describeProjections(teamSamples);

import { describeProjections } from '#libs/testing/projected.js';
import { presenceSamples } from './presence.samples.js';

describeProjections(presenceSamples);

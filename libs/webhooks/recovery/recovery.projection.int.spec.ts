import { describeProjections } from '#libs/testing/projected.js';
import { recoverySamples } from './recovery.samples.js';

describeProjections(recoverySamples);

import { describeProjections } from '#libs/testing/projected.js';
import { endUserSamples } from './end-user.samples.js';

describeProjections(endUserSamples);

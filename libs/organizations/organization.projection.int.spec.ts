import { describeProjections } from '#libs/testing/projected.js';
import { organizationSamples } from './organization.samples.js';

describeProjections(organizationSamples);

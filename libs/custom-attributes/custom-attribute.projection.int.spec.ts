import { describeProjections } from '#libs/testing/projected.js';
import { customAttributeSamples } from './custom-attribute.samples.js';

describeProjections(customAttributeSamples);

import { describeProjections } from '#libs/testing/projected.js';
import { contactEndpointSamples } from './contact-endpoint.samples.js';

describeProjections(contactEndpointSamples);

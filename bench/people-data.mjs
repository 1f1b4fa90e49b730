/** Returns an end user; every side gets the same ones. */
export function endUser(number) {
  return {
    displayName: `End User ${number}`,
    email: `end.user.${number}@customers.example`,
    phoneNumber: `+4520${String(number).padStart(6, '0')}`,
    firstName: 'End',
    lastName: `User ${number}`,
    externalId: `crm-${number}`,
  };
}

export function conversation(requesterId, number) {
  return {
    _type: 'Email',
    requesterId,
    emailIntegrationId: 'support@acme.example',
    subject: `Question ${number}`,
    message: { _type: 'Inbound', content: { _type: 'Text', value: 'Where is my order?' } },
  };
}

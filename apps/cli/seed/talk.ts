/** A subject that customers write about: what they say, what agents answer, and what agents note. */
export interface Topic {
  subject: string;
  asks: string[];
  answers: string[];
  note: string;
  /** Names of tags. */
  tags: string[];
}

export const TOPICS: readonly Topic[] = [
  {
    subject: 'Where is my order?',
    asks: ['My order has not arrived. It should have been here on Monday.', 'The tracking page shows nothing.'],
    answers: ['I have asked the carrier; the parcel is in the depot.', 'It is out for delivery today.'],
    note: 'The carrier confirms that the parcel was sorted wrongly.',
    tags: ['Delivery'],
  },
  {
    subject: 'I want to return shoes',
    asks: ['The shoes are too small. How do I return them?', 'Thank you! Do I need the box?'],
    answers: ['Here is your return label. The refund takes 3 days.', 'Any box will do.'],
    note: 'Second return in this month.',
    tags: ['Returns'],
  },
  {
    subject: 'Invoice with a wrong address',
    asks: ['The invoice has our old address. Could you send another one?', 'The VAT number has changed, too.'],
    answers: ['Which address should be on it?', 'The corrected invoice is in your inbox.'],
    note: 'Address changed in the accounting system as well.',
    tags: ['Invoices'],
  },
  {
    subject: 'Cannot sign in',
    asks: ['The page says that my password is wrong, but it is not.', 'It works now, thanks.'],
    answers: ['Your account was locked after five attempts. I have unlocked it.', 'Happy to help.'],
    note: 'Suggested a password manager.',
    tags: ['Account'],
  },
  {
    subject: 'Damaged on arrival',
    asks: ['The lamp was broken when I opened the parcel. I have photos.', 'A new one, please.'],
    answers: ['I am sorry! Would you like a new one, or your money back?', 'It leaves our warehouse today.'],
    note: 'Claim filed with the carrier.',
    tags: ['Delivery', 'Complaint'],
  },
  {
    subject: 'Discount for a large order',
    asks: ['We would like to order 80 chairs. Is there a discount?', 'That sounds good. Until when is it valid?'],
    answers: ['From 50 pieces on we give 12 %.', 'Until the end of the month.'],
    note: 'Tell sales.',
    tags: ['Sales'],
  },
  {
    subject: 'Bestellung stornieren',
    asks: ['Ich möchte meine Bestellung von gestern stornieren.', 'Vielen Dank für die schnelle Hilfe!'],
    answers: ['Die Bestellung ist storniert, das Geld kommt in 3 Tagen zurück.', 'Gern geschehen.'],
    note: 'Cancelled before it was packed.',
    tags: ['Returns'],
  },
  {
    subject: '商品の在庫について',
    asks: ['青色の在庫はいつ入りますか？', 'ありがとうございます。待っています。'],
    answers: ['来週の水曜日に入荷する予定です。', '入荷しましたらお知らせします。'],
    note: 'Wants to be told when blue is back.',
    tags: ['Sales'],
  },
];

/** The demo tags after the one of the examples. */
export const TAGS: readonly [name: string, color: string][] = [
  ['Delivery', '#2266cc'],
  ['Returns', '#cc6622'],
  ['Invoices', '#228844'],
  ['Account', '#884422'],
  ['Complaint', '#cc2244'],
  ['Sales', '#6644aa'],
];

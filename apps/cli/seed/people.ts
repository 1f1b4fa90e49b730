/** Names of one script or language, in the order in which they are written. */
interface Names {
  first: string[];
  last: string[];
  /** How the display name is made. */
  shown: (first: string, last: string) => string;
}

const western = (first: string, last: string) => `${first} ${last}`;
const eastern = (first: string, last: string) => `${last}${first}`;

/** The names of the demo end users, in many scripts. */
export const NAMES: readonly Names[] = [
  { first: ['Emma', 'Noah', 'Olivia', 'Liam'], last: ['Carter', 'Hughes', 'Murphy', 'Bennett'], shown: western },
  { first: ['Søren', 'Åse', 'Bjørn', 'Maja'], last: ['Nørgaard', 'Østergård', 'Ås', 'Kjær'], shown: western },
  { first: ['Zoë', 'José', 'Inés', 'François'], last: ['Muñoz', 'Lefèvre', 'Gonçalves', 'D’Angelo'], shown: western },
  { first: ['Jürgen', 'Käthe', 'Łukasz', 'Šárka'], last: ['Groß', 'Müller', 'Wiśniewski', 'Dvořák'], shown: western },
  {
    first: ['Ольга', 'Дмитро', 'Іван', 'Мария'],
    last: ['Петренко', 'Иванова', 'Шевченко', 'Кузнецов'],
    shown: western,
  },
  { first: ['Ελένη', 'Γιώργος', 'Μαρία', 'Νίκος'], last: ['Παππάς', 'Νικολάου', 'Βλάχος', 'Αγγέλου'], shown: western },
  { first: ['ليلى', 'أحمد', 'مريم', 'يوسف'], last: ['حداد', 'الخطيب', 'منصور', 'العلي'], shown: western },
  { first: ['נועה', 'דוד', 'יעל', 'אורי'], last: ['כהן', 'לוי', 'מזרחי', 'פרץ'], shown: western },
  { first: ['प्रिया', 'अर्जुन', 'अनन्या', 'रोहन'], last: ['शर्मा', 'पटेल', 'सिंह', 'गुप्ता'], shown: western },
  { first: ['দীপা', 'রহিম', 'মিতা', 'সজীব'], last: ['চৌধুরী', 'হোসেন', 'দাস', 'সরকার'], shown: western },
  { first: ['ธนา', 'มาลี', 'สมชาย', 'ชไม'], last: ['ใจดี', 'ศรีสุข', 'ทองคำ', 'บุญมี'], shown: western },
  { first: ['伟', '芳', '秀英', '娜'], last: ['王', '李', '欧阳', '陈'], shown: eastern },
  { first: ['陽菜', '蓮', 'さくら', '健太'], last: ['佐藤', '鈴木', '高橋', '渡辺'], shown: eastern },
  { first: ['민준', '서연', '지우', '하은'], last: ['김', '이', '박', '최'], shown: eastern },
  {
    first: ['ნინო', 'გიორგი', 'თამარ', 'ლუკა'],
    last: ['ბერიძე', 'კაპანაძე', 'მაისურაძე', 'გელაშვილი'],
    shown: western,
  },
  {
    first: ['Անի', 'Արամ', 'Մարիամ', 'Տիգրան'],
    last: ['Հակոբյան', 'Գրիգորյան', 'Սարգսյան', 'Պետրոսյան'],
    shown: western,
  },
];

/** The demo agents after the one of the examples: name and team. */
export const AGENTS: readonly [name: string, team: number][] = [
  ['Mette Holm', 0],
  ['Rasmus Lund', 0],
  ['Amira Haddad', 1],
  ['Kenji Watanabe', 1],
  ['Sofía Ramos', 1],
  ['Tomáš Novák', 2],
  ['Grace Okafor', 2],
  ['Ingrid Åberg', 2],
  ['Daniel Weiss', 3],
  ['Priya Nair', 3],
  ['Lucas Martin', 3],
];

export const TEAMS = ['Billing', 'Orders', 'Technical support', 'Night shift'] as const;

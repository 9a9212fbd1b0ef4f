export default function HelpText() {
  return <p>What you write is kept in the database and shown to everybody, the newest first.</p>;
}

// npm run tables
import { writeTables } from "./method-tables";

await writeTables();

// The Jupyter kernel: `node launch.js CONNECTION_FILE`, as the kernelspec says (kernelspec.ts).
import { startServer } from "./server.ts";

const connectionFile = process.argv[2];
if (connectionFile === undefined) {
  console.error("basewise kernel: started by Jupyter, with a connection file; open notebooks with npm run lab");
  process.exit(2);
}
startServer(connectionFile);

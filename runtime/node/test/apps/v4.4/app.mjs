import { Server } from "socket.io";
import chat from "../chat.cjs";

chat.start({ Server });

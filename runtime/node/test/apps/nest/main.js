// A NestJS chat with a gateway, as the TypeScript compiler would leave it.
import "reflect-metadata";
import { Module } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { SubscribeMessage, WebSocketGateway, WebSocketServer } from "@nestjs/websockets";
import { __decorate } from "tslib";

let ChatGateway = class ChatGateway {
  say(client, text) {
    this.server.emit("said", text);
  }

  async who() {
    return (await this.server.fetchSockets()).length;
  }

  onModuleDestroy() {
    console.log("the app's hook ran");
  }
};
__decorate([WebSocketServer()], ChatGateway.prototype, "server", undefined);
__decorate([SubscribeMessage("say")], ChatGateway.prototype, "say", null);
__decorate([SubscribeMessage("who")], ChatGateway.prototype, "who", null);
ChatGateway = __decorate([WebSocketGateway()], ChatGateway);

let AppModule = class AppModule {};
AppModule = __decorate([Module({ providers: [ChatGateway] })], AppModule);

const app = await NestFactory.create(AppModule, { logger: ["error", "warn"] });
app.enableShutdownHooks();
await app.listen(0, "127.0.0.1");
console.log(`port ${app.getHttpServer().address().port}`);

// Every desk and every bot that the worker has a connector for, under the contract of its kind.
import { botContract } from '../contracts/bot.mjs';
import { deskContract } from '../contracts/desk.mjs';
import { dialogflow } from '../contracts/dialogflow.mjs';
import { webex } from '../contracts/webex.mjs';

deskContract(webex);
botContract(dialogflow);

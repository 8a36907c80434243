using Meridian.ModelTools.Commands;
using Meridian.Training;

// All commands of meridian-tools, and the one that trains.
return await ToolCommands.RunAsync(args, Console.Out, Console.Error, new TorchBackend());

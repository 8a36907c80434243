using Meridian.ModelTools.Commands;

// Commands: make, export, import, distill, evaluate; Commands/ToolCommands.cs. The graph of a decoder: Llama/LlamaGraph.cs.
return await ToolCommands.RunAsync(args, Console.Out, Console.Error);

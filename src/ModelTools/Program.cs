using Meridian.ModelTools.Commands;

// The commands (make, export, import, distill, evaluate) are in Commands/ToolCommands.cs. Llama/LlamaGraph.cs writes the graph of a decoder.
return await ToolCommands.RunAsync(args, Console.Out, Console.Error);

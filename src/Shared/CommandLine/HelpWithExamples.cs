using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Meridian.CommandLine;

/// <summary>The standard help, followed by examples.</summary>
internal sealed class HelpWithExamples(HelpAction inner, Command command, IReadOnlyList<string> examples) : SynchronousCommandLineAction
{
    public static void AddTo(Command command, params string[] examples)
    {
        var help = command.Options.OfType<HelpOption>().FirstOrDefault();
        if (help is null)
        {
            help = new HelpOption();
            command.Options.Add(help);
        }

        help.Action = new HelpWithExamples((HelpAction)help.Action!, command, examples);
    }

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        var result = inner.Invoke(parseResult);
        if (parseResult.CommandResult.Command == command)
        {
            var output = parseResult.InvocationConfiguration.Output;
            output.WriteLine("Examples:");
            foreach (var example in examples)
            {
                output.WriteLine($"  {example}");
            }

            output.WriteLine();
        }

        return result;
    }
}

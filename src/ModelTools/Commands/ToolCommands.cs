using System.CommandLine;
using System.CommandLine.Help;
using Meridian.CommandLine;
using Meridian.Inference.Packages;
using Meridian.ModelTools.Distillation;
using Meridian.ModelTools.Output;

namespace Meridian.ModelTools.Commands;

/// <summary>The command line: <c>meridian-tools make</c>, <c>export</c>, <c>import</c>, <c>distill</c>, <c>evaluate</c>.</summary>
public static class ToolCommands
{
    private const string Name = "meridian-tools";

    /// <summary>Parses and runs. Never throws for what a user can get wrong: that is written to <paramref name="error"/> in words.</summary>
    /// <param name="args">Arguments.</param>
    /// <param name="output">Receives results.</param>
    /// <param name="error">Receives error messages.</param>
    /// <param name="backend">The training backend; null if this build has none.</param>
    /// <param name="cancellationToken">Ends the command as Ctrl-C does.</param>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error, ITrainingBackend? backend = null, CancellationToken cancellationToken = default)
    {
        var terminal = new Terminal(output);
        var parsed = Build(terminal, backend).Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (var mistake in ParseMistakes.InWords(parsed))
                await error.WriteLineAsync(mistake).ConfigureAwait(false);
            await error.WriteLineAsync($"See {(parsed.CommandResult.Command.Name == Name ? "" : $"{parsed.CommandResult.Command.Name} ")}--help.").ConfigureAwait(false);
            return ExitCode.Mistake;
        }

        try
        {
            // The library ends the process two seconds after Ctrl-C. A command may need longer to remove its unfinished output.
            var invocation = new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TimeSpan.FromSeconds(30) };
            return await parsed.InvokeAsync(invocation, cancellationToken).ConfigureAwait(false);
        }
        catch (MistakeException e)
        {
            await error.WriteLineAsync(e.Message).ConfigureAwait(false);
            return ExitCode.Mistake;
        }
        catch (OutputRefusedException e)
        {
            await error.WriteLineAsync(e.Message).ConfigureAwait(false);
            return ExitCode.Mistake;
        }
        catch (ModelPackageException e)
        {
            await error.WriteLineAsync(e.Message).ConfigureAwait(false);
            return ExitCode.Unavailable;
        }
        catch (TrainingUnavailableException e)
        {
            await error.WriteLineAsync(e.Message).ConfigureAwait(false);
            return ExitCode.Unavailable;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            await error.WriteLineAsync($"{e.Message} Nothing was left half-written; check free space and permissions.").ConfigureAwait(false);
            return ExitCode.Unavailable;
        }
        catch (OperationCanceledException)
        {
            await error.WriteLineAsync("Stopped; nothing was left half-written.").ConfigureAwait(false);
            return ExitCode.Failed;
        }
        catch (Exception e)
        {
            // A defect of the program: print the stack trace, and write no core dump.
            await error.WriteLineAsync($"Failed: {e}").ConfigureAwait(false);
            return ExitCode.Failed;
        }
    }

    private static Command Build(Terminal terminal, ITrainingBackend? backend)
    {
        // A RootCommand would show the assembly's name, but users type another name.
        var root = new Command(Name, "Makes, exports, imports, distils and evaluates models for Meridian.")
        {
            new HelpOption(),
            new VersionOption(),
            MakeCommand.Build(terminal),
            ExportCommand.Build(terminal),
            ImportCommand.Build(terminal),
            DistillCommand.Build(terminal, backend),
            EvaluateCommand.Build(terminal),
        };
        HelpWithExamples.AddTo(
            root,
            "meridian-tools make --out /tmp/tiny                                       a small decoder with random weights",
            "meridian-tools export stories260k --cache shared --out /tmp/stories       the same model in another cache layout",
            "meridian-tools import /tmp/stories --name stories --store .meridian/eastus/models",
            "                                                                          into a region's model store",
            "meridian-tools distill --teacher stories260k --layers 4 --hidden 128 --out /tmp/student",
            "meridian-tools evaluate /tmp/student --against stories260k");
        return root;
    }
}

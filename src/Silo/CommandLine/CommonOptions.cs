using System.CommandLine;
using Meridian.Silo.Configuration;
using Meridian.Silo.Configuration.Reading;
using Meridian.Silo.Processes;

namespace Meridian.Silo.CommandLine;

/// <summary>Options that every command takes. Each is a shorthand for a setting.</summary>
internal sealed class CommonOptions
{
    public Option<string?> Data { get; } = new("--data")
    {
        HelpName = "DIR",
        Description = $"Directory of everything that is kept [{Path("Data")}; default: .meridian]",
    };

    public Option<int?> PortsFrom { get; } = new("--ports-from")
    {
        HelpName = "N",
        Description = $"First port: front door N, facades N+1.., all else from N+100 [{Path("PortsFrom")}; default: 8080]",
    };

    public Option<string?> Config { get; } = new("--config")
    {
        HelpName = "FILE",
        Description = "JSON file of settings over appsettings.json; the environment and the command line go over it",
    };

    public Option<string[]> Model { get; } = new("--model")
    {
        HelpName = "NAME=DIR",
        Description = $"Serve the model in a Hugging Face folder or a model package under a name; may be repeated [{Path("Models")}]",
        Arity = ArgumentArity.OneOrMore,
        DefaultValueFactory = _ => [],
    };

    public Option<bool> ExitWithInput { get; } = new(ProcessArguments.ExitWithInput)
    {
        Description = "Stop when standard input ends, and leave Ctrl-C to the process that started this one",
    };

    /// <summary>Adds the options to every command. They mean the same before and after the command's name.</summary>
    public void AddTo(RootCommand root)
    {
        foreach (var option in new Option[] { Data, PortsFrom, Config })
        {
            option.Recursive = true;
            root.Options.Add(option);
        }

        // Not added to every command: in `drain`, --model means the model whose replica is drained.
        root.Options.Add(Model);
    }

    /// <summary>The settings that these options set.</summary>
    public IEnumerable<KeyValuePair<string, string?>> Settings(ParseResult parsed) =>
    [
        new(Path("Data"), parsed.GetValue(Data)),
        new(Path("PortsFrom"), parsed.GetValue(PortsFrom)?.ToString(System.Globalization.CultureInfo.InvariantCulture)),
    ];

    /// <summary>The models given with <c>--model</c>.</summary>
    /// <exception cref="MistakesException">A value is not of the form NAME=DIR.</exception>
    public IReadOnlyList<NamedModel> Models(ParseResult parsed) => NamedModel.Parse(parsed.GetValue(Model) ?? []);

    public static string Path(string setting) => $"{MeridianOptions.Section}:{setting}";
}

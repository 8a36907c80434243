namespace Meridian.Silo.Configuration.Reading;

/// <summary>A model given with <c>--model NAME=DIR</c>.</summary>
/// <param name="Name">Name that callers use.</param>
/// <param name="Directory">Absolute path of a Hugging Face folder or a model package.</param>
public sealed record NamedModel(string Name, string Directory)
{
    /// <summary>Parses <c>NAME=DIR</c> arguments. The rules of the settings check the name and whether the directory exists.</summary>
    /// <exception cref="MistakesException">An argument has no name or no directory, or a name is given twice.</exception>
    public static IReadOnlyList<NamedModel> Parse(IReadOnlyList<string> texts)
    {
        var models = new List<NamedModel>();
        var mistakes = new List<string>();
        foreach (var text in texts)
        {
            var parts = text.Split('=', 2);
            if (parts is not [{ Length: > 0 } name, { Length: > 0 } directory])
            {
                mistakes.Add($"--model '{text}': must be NAME=DIR, the name that callers use and the folder of the model.");
            }
            else if (models.Exists(model => model.Name == name))
            {
                mistakes.Add($"--model '{text}': '{name}' is given twice; names must differ.");
            }
            else
            {
                models.Add(new NamedModel(name, Path.GetFullPath(directory)));
            }
        }

        return mistakes.Count == 0 ? models : throw new MistakesException(mistakes);
    }

    /// <summary>The model in the form of the command line.</summary>
    public override string ToString() => $"{Name}={Directory}";
}

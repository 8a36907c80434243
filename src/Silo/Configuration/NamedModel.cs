namespace Meridian.Silo.Configuration;

/// <summary>A model as <c>--model NAME=DIR</c> names it.</summary>
/// <param name="Name">Name that callers use.</param>
/// <param name="Directory">Absolute path of a Hugging Face folder or a model package.</param>
public sealed record NamedModel(string Name, string Directory)
{
    /// <summary>Reads <c>NAME=DIR</c>s. What a name may be and whether the directory is there are rules of the settings.</summary>
    /// <exception cref="MistakesException">One has no name or no directory, or a name comes twice.</exception>
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

    /// <summary>As it is given on a command line.</summary>
    public override string ToString() => $"{Name}={Directory}";
}

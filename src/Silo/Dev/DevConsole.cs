namespace Meridian.Silo.Dev;

/// <summary>The supervisor's one way to the terminal: whole lines, from any thread.</summary>
public sealed class DevConsole(TextWriter output, bool colour)
{
    private readonly Lock _gate = new();

    /// <value>Whether lines may carry colours.</value>
    public bool Colour { get; } = colour;

    public void Line(string text)
    {
        lock (_gate)
        {
            output.WriteLine(text);
        }
    }
}

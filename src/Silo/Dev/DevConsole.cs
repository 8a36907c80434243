namespace Meridian.Silo.Dev;

/// <summary>Writes whole lines to the terminal. All output of the supervisor goes through it, from any thread.</summary>
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

namespace Meridian.Client.Chat;

/// <summary>Draws the seeds of chats that bring none. A <see cref="Random"/> breaks when threads share it.</summary>
internal sealed class SeedSource(Random random)
{
    private readonly Lock _gate = new();

    public long Next()
    {
        lock (_gate)
            return random.NextInt64();
    }
}

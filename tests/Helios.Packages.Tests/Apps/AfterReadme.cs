
// What the lines above wrote, and whether as many tokens are streamed as are counted.
File.WriteAllText(args[0], System.Text.Json.JsonSerializer.Serialize(new { Text = Notes.Text.ToString(), Notes.Streamed, Counted = Interlocked.Read(ref Notes.Counted) }));

static string Noted(string text)
{
    Notes.Text.Append(text);
    Notes.Streamed++;
    return text;
}

internal static class Notes
{
    public static readonly System.Text.StringBuilder Text = new();
    public static int Streamed;
    public static long Counted;

    [System.Runtime.CompilerServices.ModuleInitializer]
    public static void CountTokens()
    {
        var listener = new System.Diagnostics.Metrics.MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == "helios.tokens.generated") listener.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((_, measurement, _, _) => Interlocked.Add(ref Counted, measurement));
        listener.Start();
    }
}

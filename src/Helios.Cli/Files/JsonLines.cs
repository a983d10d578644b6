using System.Text;
using Helios.Cli.Errors;

namespace Helios.Cli.Files;

/// <summary>Reads JSON Lines: an object a line, blank lines aside.</summary>
internal static class JsonLines
{
    /// <param name="path">The file.</param>
    /// <param name="read">Reads a line; the object lives as long as the call.</param>
    /// <exception cref="FileException">A line is unusable; the message names file, line and field.</exception>
    public static IReadOnlyList<T> Read<T>(string path, Func<StrictObject, T> read)
    {
        var found = new List<T>();
        var number = 0;
        foreach (var line in File.ReadLines(path))
        {
            number++;
            if (!string.IsNullOrWhiteSpace(line)) found.Add(ReadLine(Invariant($"{path}, line {number}:"), line, read));
        }

        return found;
    }

    private static T ReadLine<T>(string place, string line, Func<StrictObject, T> read) =>
        StrictJson.Read(place, "the line", Encoding.UTF8.GetBytes(line), root => read(new StrictObject(place, root)));
}

using System.Text;
using Spectre.Console;

namespace Quickstart;

/// <summary>Writes a text that arrives in pieces: word by word, with a margin on the left and lines that end between words.</summary>
internal sealed class Typewriter(Screen screen)
{
    private const string Margin = "  | ";

    private readonly StringBuilder word = new();
    private int column;

    /// <summary>Writes the words that a piece completes.</summary>
    public void Write(string piece, Style style)
    {
        foreach (var c in piece)
        {
            if (c is ' ' or '\n') EndWord(style);
            if (c == '\n') EndLine();
            else word.Append(c);
        }
    }

    /// <summary>Writes the last word and ends the line.</summary>
    public void End(Style style)
    {
        EndWord(style);
        if (column > 0) EndLine();
    }

    /// <summary>A word carries the space before it; where a line begins, the space goes.</summary>
    private void EndWord(Style style)
    {
        if (word.Length == 0) return;
        if (column + word.Length > screen.Width) EndLine();
        var text = column == 0 ? word.ToString().TrimStart(' ') : word.ToString();
        word.Clear();
        if (column == 0) BeginLine();
        screen.Type(text, style);
        column += text.Length;
    }

    private void BeginLine()
    {
        screen.Type(Margin, Color.Grey);
        column = Margin.Length;
    }

    private void EndLine()
    {
        if (column == 0) BeginLine();
        screen.Type("\n", Style.Plain);
        column = 0;
    }
}

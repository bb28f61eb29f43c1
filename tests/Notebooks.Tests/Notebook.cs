using System.Text.Json;
using Microsoft.DotNet.Interactive;
using Microsoft.DotNet.Interactive.Commands;
using Microsoft.DotNet.Interactive.CSharp;
using Microsoft.DotNet.Interactive.Events;
using Microsoft.DotNet.Interactive.Formatting;

namespace Notebooks.Tests;

/// <summary>Runs the code cells of a notebook one after the other in the C# kernel of .NET Interactive, as Jupyter does.</summary>
internal static class Notebook
{
    public static IReadOnlyList<string> CodeCells(string path)
    {
        using JsonDocument notebook = JsonDocument.Parse(File.ReadAllText(path));
        JsonElement kernel = notebook.RootElement.GetProperty("metadata").GetProperty("kernelspec").GetProperty("name");
        Assert.AreEqual(".net-csharp", kernel.GetString());
        return
        [
            .. from cell in notebook.RootElement.GetProperty("cells").EnumerateArray()
               where cell.GetProperty("cell_type").GetString() == "code"
               select string.Concat(cell.GetProperty("source").EnumerateArray().Select(line => line.GetString())),
        ];
    }

    /// <summary>What a user sees under each cell, as the kernel formats it.</summary>
    /// <exception cref="InvalidOperationException">A cell doesn't compile, throws, or shows nothing; the message names it.</exception>
    public static async Task<IReadOnlyList<FormattedValue>> Run(IReadOnlyList<string> cells)
    {
        using var kernel = new CSharpKernel();
        var shown = new List<FormattedValue>();
        foreach (string cell in cells)
        {
            (string code, bool asksForPackages) = NotebookPackages.Extract(cell);
            if (asksForPackages)
                kernel.AddAssemblyReferences(NotebookPackages.AssemblyPaths);

            KernelCommandResult result = await kernel.SendAsync(new SubmitCode(code));
            if (result.Events.OfType<CommandFailed>().FirstOrDefault() is { } failure)
                throw new InvalidOperationException($"Cell {shown.Count + 1} fails: {failure.Message}", failure.Exception);

            shown.Add(result.Events.OfType<DisplayEvent>().SelectMany(display => display.FormattedValues).LastOrDefault()
                is { Value.Length: > 0 } value
                    ? value
                    : throw new InvalidOperationException($"Cell {shown.Count + 1} shows nothing."));
        }

        return shown;
    }
}
